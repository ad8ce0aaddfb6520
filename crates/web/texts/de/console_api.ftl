# APIs, strategies, providers, authorization servers in the console.
