"""The central database: schema, migrations, write, read, audit chain, artifacts, rejects, retention."""
