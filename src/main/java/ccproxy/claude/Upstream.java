package ccproxy.claude;

import java.net.ProxySelector;
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

    Upstream(Duration connectTimeout, ProxySelector proxies) {
        client =
                HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .followRedirects(HttpClient.Redirect.NEVER)
                        .connectTimeout(connectTimeout)
                        .proxy(proxies)
                        .authenticator(EnvironmentProxies.authenticator(proxies))
                        .executor(Executors.newVirtualThreadPerTaskExecutor())
                        .build();
    }

    /// Sends a request; cancelling the result ends the connection.
    ///
    /// @param body empty for a GET
    CompletableFuture<HttpResponse<BodyStream>> send(
            URI uri, Map<String, List<String>> headers, byte[] body) {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri);
        headers.forEach((name, values) -> values.forEach(value -> request.header(name, value)));
        if (body.length == 0) request.GET();
        else request.POST(HttpRequest.BodyPublishers.ofByteArray(body));
        return client.sendAsync(request.build(), _ -> new BodyStream());
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}
