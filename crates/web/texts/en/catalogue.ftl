# APIs, as developers see them.

apis-search = Search by name
apis-none = There are no APIs here
apis-none-text = Nothing is published that you can see, or nothing matches your search.
