package ccproxy.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonReaderTest {
    private static Map<String, Object> read(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return JsonReader.flat(bytes, bytes.length);
    }

    @Test
    void valuesComeByName() {
        assertEquals(
                Map.of("a", "x", "b", 5L, "c", 0.5, "d", true),
                read("{\"a\":\"x\",\"b\":5,\"c\":0.5,\"d\":true}"));
    }

    @Test
    void whatIsNoSuchValueIsLeftOut() {
        assertEquals(
                Map.of("a", 1L),
                read(
                        "{\"n\":null,\"o\":{\"a\":[2]},\"l\":[{}],\"big\":99999999999999999999,\"a\":1}"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "5", "[]", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "nul"})
    void whatIsNoObjectIsRefused(String text) {
        assertThrows(IllegalArgumentException.class, () -> read(text));
    }
}
