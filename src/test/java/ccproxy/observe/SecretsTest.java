package ccproxy.observe;

import static java.time.Duration.ofSeconds;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SecretsTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "key sk-ant-api03-TOPSECRET_-x end",
                "sk-proj-TOPSECRETx",
                "ccp_TOPSECRETxyz",
                "Authorization: Bearer TOPSECRET",
                "bearer TOPSECRET",
                "x-api-key: TOPSECRET",
                "{\"x-api-key\": \"TOPSECRET\"}",
                "{\"Authorization\":\"Basic TOPSECRET\"}",
                "CCPROXY_API_KEY=TOPSECRET",
                "--auth-token=TOPSECRET",
                "https://user:TOPSECRET@host/path"
            })
    void secretIsMasked(String text) {
        String masked = Secrets.mask(text);
        assertFalse(masked.contains("TOPSECRET"), masked);
    }

    @ParameterizedTest
    @CsvSource({
        "sk-ant-api03-abcdefgh_-x, sk-ant-***",
        "sk-proj-abcdefghijk, sk-***",
        "ccp_abcdefghijk, ccp_***",
        "ghp_abcdefghijklmnop, ghp_***",
        "github_pat_11ABCDEFG, github_pat_***",
        "xoxb-1234567890-abc, xoxb-***",
        "AKIAIOSFODNN7EXAMPLE, AKIA***",
        "AIzaSyA-abcdefgh, AIza***",
        "eyJhbGciOiJI.eyJzdWIi.c2lnbmF0dXJl, eyJ***",
    })
    void tokenInABodyIsMaskedByItsLook(String token, String masked) {
        String body = "{\"a\":\"say \\\"%s\\\" \\n\"}";
        assertEquals(body.formatted(masked), Secrets.maskTokens(body.formatted(token)));
    }

    /// In a body a line break is two characters, of which the second is a letter.
    @Test
    void tokenAtTheStartOfALineIsMaskedInJsonToo() {
        String jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";
        for (String before : new String[] {"\\n", "\\t", "\\r\\n", "\\u000a", "\\u2028", "\\\\n"}) {
            String body = "{\"text\":\"keys:" + before + "%s\"}";
            assertEquals(
                    body.formatted("sk-ant-***"),
                    Secrets.maskTokens(body.formatted("sk-ant-api03-hunter2hunter2")));
            assertEquals(
                    body.formatted("ghp_***"),
                    Secrets.maskTokens(body.formatted("ghp_0123456789abcdef")));
            assertEquals(body.formatted("eyJ***"), Secrets.maskTokens(body.formatted(jwt)));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "the bearer of good news",
                "use sk-learn or sk-1234",
                "{\"api_key\": \"x\", \"token\": 5}",
                "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAUA+/==",
            })
    void otherTextOfABodyStays(String text) {
        assertEquals(text, Secrets.maskTokens(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"-eyJ", "eyJaaaaaaaa.", "eyJ", "sk-", "-sk-ant-", "a=", "a&"})
    void bodyThatIsAlmostFullOfTokensCostsLinearTime(String piece) {
        String text = piece.repeat((4 << 20) / piece.length());
        assertTimeoutPreemptively(ofSeconds(20), () -> Secrets.maskTokens(text));
        assertTimeoutPreemptively(
                ofSeconds(20), () -> new TraceMask(java.util.List.of()).query(text));
    }

    @Test
    void whatIsAroundASecretStays() {
        assertEquals("key sk-ant-*** of a", Secrets.mask("key sk-ant-api03-abcdefghijkl of a"));
        assertEquals("Authorization: Bearer ***, b", Secrets.mask("Authorization: Bearer abc, b"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "scikit sk-learn",
                "claude-sonnet-4-5",
                "a token=5 of max_tokens: 3",
                "https://api.anthropic.com/v1/messages",
                "input_tokens: 5",
                ""
            })
    void whatIsNoSecretStays(String text) {
        assertEquals(text, Secrets.mask(text));
    }

    @Test
    void hostileTextDoesNotStopIt() {
        String text = "authorization: bearer ".repeat(2_000) + "://" + "a".repeat(30_000);
        assertTimeoutPreemptively(ofSeconds(5), () -> Secrets.mask(text));
    }

    @Test
    void hintShowsEnoughToTellTwoKeysApart() {
        assertEquals("sk-ant-…wxyz", Secrets.hint("sk-ant-api03-abcdefghiwxyz"));
        assertEquals("ccp_…wxyz", Secrets.hint("ccp_abcdefghijklmnopqrswxyz"));
        assertEquals("…wxyz", Secrets.hint("abcdefghijklmnopqrswxyz"));
    }

    @Test
    void shortSecretIsNotHintedAt() {
        assertEquals("***", Secrets.hint("hunter2"));
        assertEquals("***", Secrets.hint("sk-ant-abc"));
        assertEquals("***", Secrets.hint(""));
    }
}
