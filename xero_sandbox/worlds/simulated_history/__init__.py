"""How a wholesaler's past is made: supply simulated against demand, then written down as documents.

What belongs here: the simulation and the writing, shared by the generator and the importer of real sales.
What does not: demand (`generator.py` invents it, `importer.py` reads it) and the wire.
Read more in docs/sandbox.md.
"""
