"""`careledger demo`: real purchases, generated care around them, and what they come to.

    cdnow       the real part: who bought when, for how much
    label       how everything generated says that it is
    people      how well each customer was served, drawn once for all that follows
    care        deliveries, contacts and promises      answers   a survey and what was answered
    complaints  what went wrong, and its steps         world     all of it together, the same on every run
    loading     sends it through the public doors      waiting   until the scores have heard of it
    choosing    who stands out                         showing   reports and scores as tables
    server      a server for the duration, where none answers
"""
