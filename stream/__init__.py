"""What runs: gateway, worker, the broker of this machine, and the command line."""
