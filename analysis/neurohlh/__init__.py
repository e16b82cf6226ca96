"""CNS involvement and survival in haemophagocytic lymphohistiocytosis: from hospital tables to an answer."""

__version__ = "0.1.0"
