"""Who works on what: file locks on one machine, leases in a database that machines share.

`work_lock.try_lock` takes both; `leases` and `database` import SQLAlchemy.
"""
