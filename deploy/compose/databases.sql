-- Each service owns its own database.
CREATE DATABASE profile;
CREATE DATABASE care;
CREATE DATABASE complaints;
CREATE DATABASE scoring;
