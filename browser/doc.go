// Package browser tests the console in a real browser: Debian's chromium, driven by chromedp. It is a separate
// module, so that the product does not depend on chromedp.
package browser
