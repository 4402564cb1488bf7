"""`pledger demo`: the main job, once through, on a real broker and a real warehouse.

story     a made-up program: who clicks, who signs up, who buys and who returns it
visitors  its clicks, sent through the gateway's HTTP
api       the gateway's API, as a program's own backend would use it
shown     what is printed
run       the steps in order
"""
