"""Mentions of papers in talks

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mentions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("talk_id", sa.Integer(), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("start_ms", sa.Integer(), nullable=True),
        sa.Column("end_ms", sa.Integer(), nullable=True),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("cues", sa.JSON(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.CheckConstraint(
            "state IN ('found', 'confirmed', 'rejected')", name=op.f("ck_mentions_state")
        ),
        sa.CheckConstraint("confidence BETWEEN 0 AND 1", name=op.f("ck_mentions_confidence")),
        sa.CheckConstraint(
            "(start_ms IS NULL) = (end_ms IS NULL)", name=op.f("ck_mentions_time")
        ),
        sa.CheckConstraint(
            "start_ms IS NULL OR (0 <= start_ms AND start_ms <= end_ms)",
            name=op.f("ck_mentions_span"),
        ),
        sa.ForeignKeyConstraint(
            ["talk_id"], ["talks.id"], name=op.f("fk_mentions_talk_id_talks"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["paper_id"],
            ["papers.id"],
            name=op.f("fk_mentions_paper_id_papers"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mentions")),
        sa.UniqueConstraint("public_id", name=op.f("uq_mentions_public_id")),
    )
    op.create_index(op.f("ix_mentions_talk_id"), "mentions", ["talk_id"])
    op.create_index(op.f("ix_mentions_paper_id"), "mentions", ["paper_id"])
    op.create_table(
        "mention_looks",
        sa.Column("talk_id", sa.Integer(), nullable=False),
        sa.Column("seen_sha256", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["talk_id"],
            ["talks.id"],
            name=op.f("fk_mention_looks_talk_id_talks"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("talk_id", name=op.f("pk_mention_looks")),
    )


def downgrade() -> None:
    op.drop_table("mention_looks")
    op.drop_table("mentions")
