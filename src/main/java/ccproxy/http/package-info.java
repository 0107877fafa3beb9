/// Who asks: listener, routes, handlers, authentication. Only here: the HTTP server. It does not
/// know the JSON mapper.
package ccproxy.http;
