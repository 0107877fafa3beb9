package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Locale;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A server that is about to stop gives whoever spreads requests the time to notice.
class LeavingTest {
    @ParameterizedTest
    @EnumSource
    void serverThatLeavesIsNotReadyAndAnswersOnUntilItStops(Api api) throws Exception {
        try (var server = new TestServer().start();
                RawClient kept = server.raw().post(api.path, api.body("x"))) {
            assertEquals("", kept.answer().header("connection"));
            Thread leaving = Thread.ofVirtual().start(() -> leave(server));
            Eventually.isTrue("not ready", () -> server.get("/health/ready").statusCode() == 503);
            assertTrue(server.get("/health/ready").body().contains("\"status\":\"stopping\""));
            assertEquals(200, server.get("/health/live").statusCode());

            // It is answered, and told to ask elsewhere the next time.
            var answer = kept.post(api.path, api.body("y")).answer();
            assertEquals("y", api.text(answer.body()));
            assertEquals("close", answer.header("connection").toLowerCase(Locale.ROOT));
            assertTrue(kept.isClosedByServer());
            var streamed = server.post(api.path, api.stream("z"));
            assertTrue(api.isWhole(streamed.body()), streamed.body());

            leaving.interrupt();
            leaving.join();
            assertThrows(UncheckedIOException.class, server::raw);
        }
    }

    private static void leave(TestServer server) {
        server.leave(Duration.ofMinutes(10));
        server.stop(Duration.ZERO);
    }
}
