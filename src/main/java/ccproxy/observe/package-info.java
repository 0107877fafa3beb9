/// What is seen: the request context and the log.
package ccproxy.observe;
