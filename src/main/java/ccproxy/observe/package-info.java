/// What is seen: the request context, the log, metrics, the usage ledger, and traces. Below it is
/// only `wire`, so any may log; only the ledger and traces open files, and none of it a socket.
package ccproxy.observe;
