"""Places that people are kept to, who they are at the identity provider, and sealed keys of channels."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the table."""
    op.add_column("user", sa.Column("zones", sa.Text()))
    op.add_column("user", sa.Column("origin", sa.String()))
    op.add_column("user", sa.Column("vouched", sa.BigInteger()))
    op.create_index("user_origin", "user", ["origin"], unique=True)
    op.create_table(
        "sealed",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
