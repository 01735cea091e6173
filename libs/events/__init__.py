"""What every service stands on: facts and where they are kept, told, heard and folded.

`envelope` and `catalogue` say what a fact is; `decider`, `doors` and `desk` how one comes to be; `store` and `vault`
keep it; `relay` and `log` tell it; `consuming` and `inbox` hear it.
"""
