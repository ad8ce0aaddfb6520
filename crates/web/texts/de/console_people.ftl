# Developers, applications, requests, gateways, log in the console.
