package ccproxy.claude;

import ccproxy.wire.Json;
import ccproxy.wire.MessagesRequest;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The Anthropic HTTP API, or anything that speaks it, with the server's key or the client's own.
final class ApiClaude implements Claude {
    static final String VERSION_DEFAULT = "2023-06-01";

    /// Why requests go out without a key, and what to do.
    static final String NO_KEY =
            "none set, and clients' own are not passed on while auth_token is set: set ANTHROPIC_API_KEY to use /api";

    /// What the official SDKs reckon with before they insist on a stream: 128,000 tokens an hour.
    private static final int TOKENS_PER_SECOND = 35;

    private final ClaudeSettings settings;
    private final Upstream upstream;
    private final StatusCounts responses = new StatusCounts();

    ApiClaude(ClaudeSettings settings, Upstream upstream) {
        this.settings = settings;
        this.upstream = upstream;
    }

    @Override
    public EventStream ask(Turn turn) {
        if (turn.isConverted() && turn.request().hasServerTools()) {
            MessagesRequest streamed = turn.request().with("stream", Json.TRUE);
            return new ContinuedStream(turn.with(streamed), this::askOnce);
        }
        return askOnce(
                isSlow(turn.request())
                        ? turn.with(turn.request().with("stream", Json.TRUE))
                        : turn);
    }

    /// A whole answer that may take longer than the first-event limit is asked for as a stream: it
    /// shows signs of life, and whoever wants it whole folds it.
    private boolean isSlow(MessagesRequest request) {
        return request.tokensMax() > settings.firstEventTimeout().toSeconds() * TOKENS_PER_SECOND;
    }

    private EventStream askOnce(Turn turn) {
        return post("/v1/messages", turn);
    }

    @Override
    public EventStream countTokens(Turn turn) {
        return post("/v1/messages/count_tokens", turn);
    }

    @Override
    public EventStream models(String id, ClientHeaders headers) {
        return send("/v1/models" + (id.isEmpty() ? "" : "/" + segment(id)), headers, new byte[0]);
    }

    /// A name as one segment of a path.
    private static String segment(String name) {
        return URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private EventStream post(String path, Turn turn) {
        return send(path, turn.headers(), turn.request().body());
    }

    private EventStream send(String path, ClientHeaders client, byte[] body) {
        String query = client.query().isEmpty() ? "" : "?" + client.query();
        return new UpstreamStream(
                upstream.send(path + query, headers(client, body.length > 0), body),
                new UpstreamStream.Limits(settings.firstEventTimeout(), settings.idleTimeout()),
                responses);
    }

    /// The client's own `anthropic-*` headers, and one kind of credentials: the server's, or what
    /// the client sent.
    private Map<String, List<String>> headers(ClientHeaders client, boolean hasBody) {
        var headers = new HashMap<String, List<String>>(client.forwarded());
        headers.put("anthropic-version", List.of(client.version(VERSION_DEFAULT)));
        headers.put("user-agent", List.of("ccproxy"));
        if (hasBody) headers.put("content-type", List.of("application/json"));
        if (!settings.apiKey().isEmpty()) {
            headers.put("x-api-key", List.of(settings.apiKey()));
        } else if (!settings.apiAuthToken().isEmpty()) {
            headers.put("authorization", List.of("Bearer " + settings.apiAuthToken()));
        } else if (settings.passCredentials()) {
            client.credentials().forEach((name, value) -> headers.put(name, List.of(value)));
        }
        // The beta goes with the token that is really sent, never with a key.
        for (String sent : headers.getOrDefault("authorization", List.of())) {
            if (sent.startsWith("Bearer " + ClientHeaders.OAUTH_TOKEN))
                addBeta(headers, ClientHeaders.OAUTH_BETA);
        }
        return headers;
    }

    private static void addBeta(Map<String, List<String>> headers, String beta) {
        var betas = ClientHeaders.betas(headers.getOrDefault("anthropic-beta", List.of()));
        if (!betas.add(beta)) return;
        headers.put("anthropic-beta", List.of(String.join(",", betas)));
    }

    /// {@return what the API answered so far}
    StatusCounts responses() {
        return responses;
    }

    /// {@return connections that are open to it}
    int connections() {
        return upstream.connections();
    }

    @Override
    public void close() {
        upstream.close();
    }
}
