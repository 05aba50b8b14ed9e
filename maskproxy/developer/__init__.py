"""The developer's machine: signing in, fresh tokens, and a loopback proxy that sends what is routed to the gateway."""
