// Package browser holds tests of the reviewers' console in a real browser: Debian's chromium, driven by
// chromedp. It is a module of its own, so that the product does not depend on the driver.
package browser
