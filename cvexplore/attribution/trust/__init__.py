"""Which map can one believe? Numbers that ask the network again, and one that asks another network.

deletion.py        does the answer go when the map's pixels go?
faithfulness.py    does the map foretell what a change does, and stay when nothing changes?
again.py           the same question of another network or image
randomisation.py   does the map change when the network forgets all it learned?
"""
