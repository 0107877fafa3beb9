package ccproxy.claude;

import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;

/// The HTTP client toward the upstream, and the only class that knows which one it is.
///
/// HTTP/1.1 on purpose: one connection a stream, so that one slow client never holds back another's
/// stream and no upstream limit of streams per connection matters.
final class Upstream implements AutoCloseable {
    private final HttpClient client;
    private final EnvironmentProxies proxies;

    Upstream(Duration connectTimeout, EnvironmentProxies proxies) {
        this.proxies = proxies;
        client =
                HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .followRedirects(HttpClient.Redirect.NEVER)
                        .connectTimeout(connectTimeout)
                        .proxy(proxies)
                        .executor(Executors.newVirtualThreadPerTaskExecutor())
                        .build();
    }

    /// Sends a request; cancelling the result ends the connection.
    ///
    /// @param body empty for a GET
    /// @param answer takes the answer's body
    /// @throws ApiException when a header, which came from a client, cannot be sent
    CompletableFuture<HttpResponse<BodyStream>> send(
            URI uri, Map<String, List<String>> headers, byte[] body, BodyStream answer) {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri);
        headers.forEach((name, values) -> values.forEach(value -> set(request, name, value)));
        // The HTTP client shows it to the proxy only, in front of a tunnel too.
        String login = proxies.authorization(uri);
        if (!login.isEmpty()) request.header("proxy-authorization", login);
        if (body.length == 0) request.GET();
        else request.POST(HttpRequest.BodyPublishers.ofByteArray(body));
        return client.sendAsync(request.build(), _ -> answer);
    }

    private static void set(HttpRequest.Builder request, String name, String value) {
        try {
            request.header(name, value);
        } catch (IllegalArgumentException _) {
            throw new ApiException(
                    ErrorKind.INVALID_REQUEST,
                    name + ": expected a header value of visible characters, found another one");
        }
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}
