package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// An upstream that refuses, babbles, hangs or breaks off.
@Tag("faults")
@EnabledOnOs(OS.LINUX)
class UpstreamFaultsTest {
    @TempDir static Path folder;
    private static FaultDrill drill;

    @BeforeAll
    static void start() throws IOException {
        drill = new FaultDrill(folder);
    }

    @AfterAll
    static void stop() throws IOException {
        drill.close();
    }

    @ParameterizedTest
    @CsvSource({
        "400, invalid_request_error, 400",
        "401, authentication_error, 401",
        "402, billing_error, 402",
        "403, permission_error, 403",
        "404, not_found_error, 404",
        "413, request_too_large, 413",
        "429, rate_limit_error, 429",
        "500, api_error, 500",
        "502, api_error, 502",
        "503, api_error, 503",
        "504, timeout_error, 504",
        "529, overloaded_error, 503",
    })
    void status(int status, String type, int chatStatus) throws Exception {
        String body = "{\"type\":\"error\",\"error\":{\"type\":\"%s\",\"message\":\"says no\"}}";
        drill.upstream(c -> c.json(status, body.formatted(type), "retry-after", "7"));
        for (boolean isStream : new boolean[] {true, false}) {
            assertEquals(chatStatus + " says no", drill.seen(Api.CHAT, isStream));
            assertEquals(status + " says no", drill.seen(Api.MESSAGES, isStream));
        }
        drill.survived("upstream says " + status, "the status, type and message, retry-after");
    }

    @ParameterizedTest
    @CsvSource({"502, 502", "200, 502", "503, 503"})
    void html(int status, int seen) throws Exception {
        drill.upstream(c ->
                c.raw(
                        "HTTP/1.1 "
                                + status
                                + " X\r\ncontent-type: text/html\r\n"
                                + "connection: close\r\n\r\n<html><h1>Bad gateway</h1></html>"));
        String saw = "";
        for (Api api : Api.values()) {
            for (boolean isStream : new boolean[] {true, false}) {
                saw = drill.seen(api, isStream);
                assertTrue(saw.startsWith(seen + " "), saw);
            }
        }
        drill.survived("upstream answers " + status + " with HTML", saw);
    }

    @ParameterizedTest
    @EnumSource
    void hangBeforeHeaders(Api api) throws Exception {
        drill.upstream(FakeUpstream.Connection::await);
        String whole = drill.seen(api, false);
        assertTrue(whole.startsWith("504 "), whole);
        // Pings have gone out by then, and a status with them.
        String stream = drill.seen(api, true);
        assertTrue(stream.startsWith("a stream that ends with: "), stream);
        drill.survived("upstream hangs before its headers", whole);
    }

    @ParameterizedTest
    @EnumSource
    void silenceInAStream(Api api) throws Exception {
        drill.upstream(c -> {
            c.stream();
            c.chunk(FakeUpstream.START);
            c.text("Good");
            c.await();
        });
        String saw = drill.seen(api, true);
        assertTrue(saw.startsWith("a stream that ends with: "), saw);
        drill.survived("upstream falls silent in a stream", saw);
    }

    /// How a stream may end before its end.
    enum Break {
        /// Without its last chunk.
        CUT,
        /// In the middle of an event.
        TRUNCATED,
        /// With all its chunks, but no message_stop.
        INCOMPLETE,
        /// With an error event.
        ERROR
    }

    @ParameterizedTest
    @CsvSource({
        "CHAT, CUT", "CHAT, TRUNCATED", "CHAT, INCOMPLETE", "CHAT, ERROR",
        "MESSAGES, CUT", "MESSAGES, TRUNCATED", "MESSAGES, INCOMPLETE", "MESSAGES, ERROR",
    })
    void brokenStream(Api api, Break how) throws Exception {
        drill.upstream(c -> {
            c.stream();
            c.chunk(FakeUpstream.START);
            c.text("Good");
            switch (how) {
                case CUT -> c.cut();
                case TRUNCATED -> c.chunk("event: content_block_delta\ndata: {\"type\":\"cont");
                case INCOMPLETE -> {}
                case ERROR ->
                        c.chunk(
                                "event: error\ndata: {\"type\":\"error\",\"error\":"
                                        + "{\"type\":\"overloaded_error\",\"message\":\"busy\"}}\n\n");
            }
        });
        String saw = drill.seen(api, true);
        assertTrue(saw.startsWith("a stream that ends with: "), saw);
        drill.survived("upstream's stream is broken: " + how, saw);
    }

    @ParameterizedTest
    @CsvSource({"refused, http://127.0.0.1:1", "no such host, http://no-such-host.invalid"})
    void unreachable(String how, String url, @TempDir Path own) throws Exception {
        try (var other =
                new FaultDrill(
                        own,
                        FaultDrill.Backend.ECHO,
                        FaultDrill.Setup.PLAIN,
                        "--api-base-url",
                        url)) {
            String saw = "";
            for (Api api : Api.values()) {
                for (boolean isStream : new boolean[] {true, false}) {
                    saw = other.seen(api, isStream);
                    assertTrue(saw.startsWith("502 "), saw);
                }
            }
            other.survived("upstream: " + how, saw);
        }
    }
}
