"""The four services: profile (who a customer is), care (what we do for them and what they answer), complaints (what went
wrong and how it was put right) and scoring (what all that adds up to). They never import each other: what passes between
them is events and nothing else. Open a service and its file names tell the story: `domain` decides, `projections` remember,
`api` speaks HTTP, `reactions` answer other services' events, `app` wires it."""
