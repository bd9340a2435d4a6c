"""A simulated city: stations, couriers and customers that post scans as devices do, and the truth about them.

It is a process of its own and knows Pingliu by its HTTP address alone; nothing in `stream/` imports it.
"""
