package ccproxy.claude;

import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import ccproxy.wire.Json;
import ccproxy.wire.MessageEvent;
import ccproxy.wire.MessagesRequest;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import tools.jackson.databind.node.ObjectNode;

/// One question and the text of its answer as it comes: what the terminal needs.
public final class OneQuestion {
    /// What every model can say.
    private static final int TOKENS_MAX = 4096;

    private static final Duration LOOK_EVERY = Duration.ofSeconds(1);

    private final String model;
    private final String session;
    private final String text;

    /// @param model as a client names it, an alias too
    /// @param session the conversation, or `""`
    public OneQuestion(String model, String session, String text) {
        this.model = model;
        this.session = session;
        this.text = text;
    }

    /// Asks a running server.
    ///
    /// @param out takes each piece of text
    /// @throws ccproxy.wire.ApiException when the answer failed
    public void ask(OwnServer server, ClaudeSettings settings, Consumer<String> out)
            throws InterruptedException {
        URI address = server.address();
        URI base = session.isEmpty() ? address : address.resolve("/" + session);
        ClaudeSettings local = settings.asClientOf(base, server.token());
        try (var claude =
                new ApiClaude(
                        local,
                        new Upstream(
                                local.apiBaseUrl(),
                                local.connectTimeout(),
                                new EnvironmentProxies(Map.of()),
                                server.tls()))) {
            ask(claude, model, "", out);
        }
    }

    /// Asks a backend of this process.
    ///
    /// @throws ccproxy.wire.ApiException when the answer failed
    public void ask(Backends backends, Consumer<String> out) throws InterruptedException {
        ask(
                backends.byName().get(backends.name()),
                backends.catalog().resolve(model),
                session,
                out);
    }

    private void ask(Claude claude, String model, String session, Consumer<String> out)
            throws InterruptedException {
        ObjectNode body =
                Json.object().put("model", model).put("max_tokens", TOKENS_MAX).put("stream", true);
        body.putArray("messages").addObject().put("role", "user").put("content", text);
        var turn = new Turn(MessagesRequest.of(body), session, ClientHeaders.NONE, false);
        boolean isWhole = false;
        try (EventStream events = claude.ask(turn)) {
            for (; ; ) {
                switch (events.next(LOOK_EVERY)) {
                    case EventStream.Next.Event(var event) -> {
                        switch (MessageEvent.of(event)) {
                            case MessageEvent.BlockDelta(_, MessageEvent.Delta.Text(var piece)) ->
                                    out.accept(piece);
                            case MessageEvent.Failure(var error) -> throw error;
                            case MessageEvent.MessageStop() -> isWhole = true;
                            default -> {}
                        }
                    }
                    case EventStream.Next.Quiet(), EventStream.Next.Queued() -> {}
                    case EventStream.Next.End() -> {
                        if (!isWhole)
                            throw new ApiException(
                                    ErrorKind.INCOMPLETE, "the answer ended before its end");
                        return;
                    }
                }
            }
        }
    }
}
