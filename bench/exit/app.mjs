// The same as an ES module.
import './app.cjs'
