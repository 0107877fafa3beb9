/// What is seen: the request context and the log. It knows no other package of ours, so any may
/// log, and it opens no file and no socket.
package ccproxy.observe;
