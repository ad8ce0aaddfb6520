# APIs, wie Entwickler sie sehen.

apis-search = Nach Namen suchen
apis-none = Hier gibt es keine APIs
apis-none-text = Nichts ist veröffentlicht, das Sie sehen können, oder nichts passt zu Ihrer Suche.
