"""The client side of the gateway: pooled HTTP/1.1 connections to origins, read strictly."""
