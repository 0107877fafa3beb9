package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;

/// An answer that has begun, `/echo` in eighty words, and how it ends.
record RunningAnswer(Api api, boolean isStream, RawClient client) {
    /// It ends as no whole answer does.
    void breaksOff() throws IOException {
        try (client) {
            if (isStream) {
                String rest = rest();
                assertFalse(api.isWhole(rest), rest);
                assertFalse(rest.endsWith("0\r\n\r\n"), rest);
            } else {
                var answer = client.answer();
                assertEquals(502, answer.status());
                assertTrue(api.error(answer.body()).contains("the node broke off"));
            }
        }
    }

    private String rest() {
        try {
            return client.readAll();
        } catch (IOException _) {
            // Reset.
            return "";
        }
    }

    void isWhole() throws IOException {
        try (client) {
            if (isStream) {
                String rest = client.readUntil("\r\n0\r\n\r\n");
                assertTrue(rest.contains(api == Api.CHAT ? "[DONE]" : "message_stop"), rest);
            } else {
                var answer = client.answer();
                assertEquals(200, answer.status(), answer.body());
                assertEquals("echo ".repeat(80), api.text(answer.body()));
            }
        }
    }
}
