// Signs somebody in without a browser, as its first argument (JSON) says: `url` of the authorization
// request, `redirect_uri`, `login`, `password`. Prints where they are sent back to.
import { given, signIn } from './support.mjs';

console.log((await signIn(given.url, given.redirect_uri, given)).href);
