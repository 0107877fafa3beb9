package ccproxy.observe;

import static java.time.Duration.ofSeconds;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
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
