package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.wire.JsonFile;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClientKeyReaderTest {
    private static final String DIGEST = ClientKeys.digest("hunter2");

    @Test
    void lineHoldsTokensAndDigests() {
        var keys = ClientKeyReader.parse("alice=to=ken, bob=sha256:" + DIGEST + ",");
        assertEquals(List.of("alice", "bob"), keys.names());
        assertEquals("alice", keys.find("to=ken").name());
        assertEquals("bob", keys.find("hunter2").name());
        for (String wrong : new String[] {"", "alice", "to", DIGEST, "sha256:" + DIGEST})
            assertEquals(ClientKey.NONE, keys.find(wrong));
        assertTrue(ClientKeyReader.parse("").isEmpty());
    }

    @Test
    void fileHoldsLimitsToo() {
        var keys =
                file(
                        """
                        {"alice": "a", "bob": "sha256:%s", "carol": {"token": "c", "models": "opus",
                         "requests_per_minute": 100000, "tokens_per_day": 1000000000000},
                         "dave.d-1": {"sha256": "%s", "models": ["sonnet", "/^x/"], "backends": ["sdk"]}}
                        """
                                .formatted(DIGEST, ClientKeys.digest("d").toUpperCase()));
        assertEquals(new ClientKey("alice", ClientKeys.digest("a")), keys.find("a"));
        assertEquals("bob", keys.find("hunter2").name());
        ClientKey carol = keys.find("c");
        assertEquals(100_000, carol.requestsPerMinute());
        assertEquals(1_000_000_000_000L, carol.tokensPerDay());
        assertEquals("opus", carol.models().getFirst().text());
        ClientKey dave = keys.find("d");
        assertTrue(dave.models().get(1).matches("xyz"));
        assertEquals(Set.of("sdk"), dave.backends());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    {"a b": "hunter2"}                | expected names of 1 to 64 of A-Z a-z 0-9 . _ -, found another
                    {"": "hunter2"}                   | expected names of 1 to 64 of A-Z a-z 0-9 . _ -, found another
                    {"default": "hunter2"}            | expected a name other than 'default', which is that of auth_token
                    {"a": ""}                         | at 'a.token' expected 1 to 4096 visible ASCII characters without spaces
                    {"a": "hunter2 hunter2"}          | at 'a.token' expected 1 to 4096 visible ASCII characters without spaces
                    {"a": 5}                          | at 'a' expected a token or an object
                    {"a": "sha256:hunter2"}           | at 'a.sha256' expected 64 hex digits, the SHA-256 digest of a token
                    {"a": {"sha256": 5}}              | at 'a.sha256' expected 64 hex digits, the SHA-256 digest of a token
                    {"a": {}}                         | at 'a' expected either token or sha256
                    {"a": {"token":"t","sha256":"u"}} | at 'a' expected either token or sha256
                    {"a": {"token":"t","tokns":5}}    | at 'a' expected only backends, models, requests_per_minute, sha256, token, tokens_per_day, found 'tokns'
                    {"a": {"token":"t","requests_per_minute":0}}      | at 'a.requests_per_minute' expected a whole number from 1 to 100000, found 0
                    {"a": {"token":"t","requests_per_minute":100001}} | at 'a.requests_per_minute' expected a whole number from 1 to 100000, found 100001
                    {"a": {"token":"t","requests_per_minute":"5"}}    | at 'a.requests_per_minute' expected a whole number from 1 to 100000, found 5
                    {"a": {"token":"t","tokens_per_day":1.5}}         | at 'a.tokens_per_day' expected a whole number from 1 to 1000000000000, found 1.5
                    {"a": {"token":"t","tokens_per_day":1000000000001}} | at 'a.tokens_per_day' expected a whole number from 1 to 1000000000000, found 1000000000001
                    {"a": {"token":"t","models":[]}}          | at 'a.models' expected a list with at least one in it
                    {"a": {"token":"t","models":["/(/"]}}     | at 'a.models' expected a regular expression, found '/(/'
                    {"a": {"token":"t","models":[""]}}        | at 'a.models' expected a pattern, found none
                    {"a": {"token":"t","backends":["cli"]}}   | at 'a.backends' expected sdk, api or echo, found 'cli'
                    {"a": "hunter2", "b": "hunter2"}          | expected each token once, found 'a' and 'b' with the same
                    """)
    void wrongKeySaysWhereAndNotWhatItsTokenIs(String json, String message) {
        String found = assertThrows(IllegalArgumentException.class, () -> file(json)).getMessage();
        assertEquals(message, found);
        assertFalse(found.contains("hunter2"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    hunter2         | expected NAME=TOKEN, found an entry without =
                    a=b,hunter2     | expected NAME=TOKEN, found an entry without =
                    a=              | at 'a.token' expected 1 to 4096 visible ASCII characters without spaces
                    =hunter2        | expected names of 1 to 64 of A-Z a-z 0-9 . _ -, found another
                    a=b,a=c         | expected each name once, found 'a' twice
                    a=b,c=b         | expected each token once, found 'a' and 'c' with the same
                    """)
    void wrongLineSaysWhere(String line, String message) {
        var e = assertThrows(IllegalArgumentException.class, () -> ClientKeyReader.parse(line));
        assertEquals(message, e.getMessage());
    }

    @Test
    void tokenAndItsDigestAreTheSame() {
        String line = "a=hunter2,b=sha256:" + DIGEST;
        assertThrows(IllegalArgumentException.class, () -> ClientKeyReader.parse(line));
        var keys = ClientKeyReader.parse("b=sha256:" + DIGEST);
        assertThrows(IllegalArgumentException.class, () -> keys.withDefault("hunter2"));
        assertEquals(List.of("default", "b"), keys.withDefault("other").names());
    }

    @Test
    void thousandKeysAreTheMost() {
        assertEquals(1000, ClientKeyReader.parse(line(1000)).names().size());
        var e =
                assertThrows(
                        IllegalArgumentException.class, () -> ClientKeyReader.parse(line(1001)));
        assertEquals("expected at most 1000 keys, found 1001", e.getMessage());
    }

    private static String line(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> "k" + i + "=t" + i)
                .collect(Collectors.joining(","));
    }

    private static ClientKeys file(String json) {
        String file = "{\"k\": " + json + "}";
        return ClientKeyReader.of(
                (Map<?, ?>) JsonFile.read(file, Map.of("k", JsonFile.Shape.TREE)).get("k"));
    }
}
