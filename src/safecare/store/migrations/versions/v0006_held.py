"""Files that doors hold until a person releases or discards them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, with what is held already."""
    op.create_table(
        "held",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
    )
    op.create_index("held_state", "held", ["state", "at"])
    op.execute(
        "INSERT INTO held (id, at, state, seq, body, act, result) SELECT id, at, 'waiting', 0, body, '', '' "
        """FROM event WHERE kind = 'file.judged' AND body LIKE '%"act":"held"%'"""
    )
