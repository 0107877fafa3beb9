package ccproxy.claude;

import ccproxy.claude.EventStream.Next;
import ccproxy.wire.ApiException;
import ccproxy.wire.Json;
import ccproxy.wire.MessageEvent;
import ccproxy.wire.MessageFold;
import ccproxy.wire.MessagesRequest;
import ccproxy.wire.SseEvent;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assertions;
import tools.jackson.databind.node.ObjectNode;

/// Questions and how their answers are read, for the tests of this package.
final class Answers {
    static final Duration WAIT = Duration.ofSeconds(30);

    private Answers() {}

    static ClaudeSettings settings(String baseUrl) {
        return settings(baseUrl, Duration.ofSeconds(5), Duration.ofSeconds(5));
    }

    static ClaudeSettings settings(String baseUrl, Duration first, Duration idle) {
        return settings(baseUrl, "", "", true, first, idle);
    }

    static ClaudeSettings settings(
            String baseUrl,
            String key,
            String token,
            boolean passCredentials,
            Duration first,
            Duration idle) {
        return new ClaudeSettings(
                "auto",
                URI.create(baseUrl),
                "auto",
                key,
                token,
                passCredentials,
                Duration.ofMillis(500),
                first,
                idle,
                Duration.ofHours(1),
                Duration.ofMillis(200),
                10_000,
                CliSettings.NONE,
                ModelMapping.NONE,
                Prices.BUILT_IN);
    }

    /// Settings without an upstream.
    ///
    /// @param busyWait how long a turn waits for its session
    static ClaudeSettings settings(Duration busyWait) {
        return new ClaudeSettings(
                "echo",
                URI.create("http://unused"),
                "auto",
                "",
                "",
                true,
                WAIT,
                WAIT,
                WAIT,
                Duration.ofHours(1),
                busyWait,
                10_000,
                CliSettings.NONE,
                ModelMapping.NONE,
                Prices.BUILT_IN);
    }

    static ApiClaude api(ClaudeSettings settings) {
        return new ApiClaude(
                settings,
                new Upstream(
                        settings.apiBaseUrl(),
                        settings.connectTimeout(),
                        new EnvironmentProxies(Map.of())));
    }

    static ApiClaude api(String baseUrl) {
        return api(settings(baseUrl));
    }

    /// A request that asks for a stream.
    static MessagesRequest streamed(String text) {
        return request(
                """
                {"model":"m","max_tokens":100,"stream":true,"messages":[{"role":"user","content":%s}]}\
                """
                        .formatted(new String(Json.quoted(text), StandardCharsets.UTF_8)));
    }

    static MessagesRequest request(String json) {
        return MessagesRequest.answer(json.getBytes(StandardCharsets.UTF_8));
    }

    static Turn turn(MessagesRequest request) {
        return new Turn(request, "", ClientHeaders.NONE, false);
    }

    static Turn turn(String text) {
        return turn(streamed(text));
    }

    static ClientHeaders headers(String... namesAndValues) {
        var headers = new HashMap<String, List<String>>();
        for (int i = 0; i < namesAndValues.length; i += 2)
            headers.put(namesAndValues[i], List.of(namesAndValues[i + 1]));
        return new ClientHeaders("", headers, Map.of());
    }

    /// The next event, however long others say that there is none yet.
    static SseEvent event(EventStream stream) throws InterruptedException {
        long until = System.nanoTime() + WAIT.toNanos();
        while (System.nanoTime() < until) {
            if (stream.next(WAIT) instanceof Next.Event(var event)) return event;
        }
        throw new AssertionError("no event came");
    }

    /// Every event of an answer, which is closed then.
    static List<SseEvent> all(EventStream stream) throws InterruptedException {
        var events = new ArrayList<SseEvent>();
        long until = System.nanoTime() + 2 * WAIT.toNanos();
        try (stream) {
            while (System.nanoTime() < until) {
                switch (stream.next(WAIT)) {
                    case Next.Event(var event) -> events.add(event);
                    case Next.End() -> {
                        return events;
                    }
                    case Next.Quiet(), Next.Queued() -> {}
                }
            }
        }
        throw new AssertionError("no end came");
    }

    static String bytes(List<SseEvent> events) {
        var bytes = new ByteArrayOutputStream();
        events.forEach(event -> bytes.writeBytes(event.raw()));
        return bytes.toString(StandardCharsets.UTF_8);
    }

    static String bytes(EventStream stream) throws InterruptedException {
        return bytes(all(stream));
    }

    static ObjectNode message(EventStream stream) throws InterruptedException {
        var fold = new MessageFold();
        for (SseEvent event : all(stream)) fold.add(MessageEvent.of(event));
        return fold.message();
    }

    static String text(EventStream stream) throws InterruptedException {
        return message(stream).path("content").path(0).path("text").asString("");
    }

    /// A small whole stream that says `text`.
    static String sse(String text) {
        return """
        event: message_start
        data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"usage":{"input_tokens":3,"output_tokens":1}}}

        event: content_block_start
        data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":%s}}

        event: content_block_stop
        data: {"type":"content_block_stop","index":0}

        event: message_delta
        data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}}

        event: message_stop
        data: {"type":"message_stop"}

        """
                .formatted(new String(Json.quoted(text), StandardCharsets.UTF_8));
    }

    /// The failure that an answer ends with.
    static ApiException failure(EventStream events) {
        return Assertions.assertThrows(
                ApiException.class,
                () -> {
                    while (!(events.next(Duration.ofMillis(20)) instanceof Next.End)) {}
                });
    }

    /// The part of [#sse] before its first block.
    static String start() {
        return sse("x").substring(0, sse("x").indexOf("event: content"));
    }
}
