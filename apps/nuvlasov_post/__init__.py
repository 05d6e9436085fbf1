"""Figures and tables from a run directory of nuvlasov."""

__version__ = "0.1.0"
