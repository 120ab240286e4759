"""What running a server needs: settings, logging, metrics, health."""
