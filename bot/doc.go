// Package bot is everything about a chat bot that no platform owns: which
// channels there are and what they chose (Channel), what a message says
// before a platform gives it its look (Document), which commands there are
// and what they answer (Router), and how an outcome of a request to a
// platform is classed (Class). The packages below it do the work.
package bot
