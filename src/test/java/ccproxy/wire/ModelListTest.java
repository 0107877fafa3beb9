package ccproxy.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelListTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    .*  | false | {"data":[{"id":"a"},{"id":"b"}],"has_more":false,"first_id":"a","last_id":"b"}
                    b   | false | {"data":[{"id":"b"}],"has_more":false,"first_id":"b","last_id":"b"}
                    c   | false | {"data":[],"has_more":false,"first_id":null,"last_id":null}
                    a   | true  | {"data":[{"id":"a"}],"has_more":true,"first_id":"a","last_id":"b"}
                    """)
    void modelsThatPassAreLeft(String passes, boolean hasMore, String expected) {
        String list =
                "{\"data\":[{\"id\":\"a\"},{\"id\":\"b\"}],\"has_more\":%s,\"first_id\":\"a\",\"last_id\":\"b\"}";
        byte[] given = list.formatted(hasMore).getBytes(StandardCharsets.UTF_8);
        byte[] left = ModelList.only(given, id -> id.matches(passes));
        assertEquals(expected, new String(left, StandardCharsets.UTF_8));
    }
}
