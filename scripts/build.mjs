// `npm run build`: dist/ of every package, from the cache where nothing changed.
import { setUp } from './setup.mjs'

setUp()
