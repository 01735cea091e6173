"""The four services: profile (who a customer is), care (what is done for them and what they answer), complaints (what
went wrong and was put right) and scoring (what all that adds up to).

They never import each other: what passes between them is events. Within a service, `domain` decides, `projections`
remember, `api` speaks HTTP, `reactions` answer other services' events, `app` puts it together.
"""
