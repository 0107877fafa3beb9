package ccproxy.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ccproxy.claude.Prices;
import ccproxy.wire.Usage;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ValueTypeTest {
    private static final ValueType<Duration> DURATION = ValueType.duration("2h");

    @ParameterizedTest
    @CsvSource({"1ms,1", "500ms,500", "5s,5000", "2m,120000", "2h,7200000", "7200s,7200000"})
    void durationHasAUnit(String written, long millis) {
        assertEquals(Duration.ofMillis(millis), DURATION.read(written));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "5",
                "0s",
                "0ms",
                "-5s",
                "1.5s",
                "5 s",
                "5S",
                "5d",
                "7201s",
                "9999999999s"
            })
    void otherDurationIsRefused(String written) {
        assertRefused(DURATION, written);
    }

    @Test
    void durationThatMayBeNoneHasTheSameMost() {
        ValueType<Duration> type = ValueType.durationOrNone("2h");
        assertEquals(Duration.ZERO, type.read("0s"));
        assertEquals(Duration.ofMillis(1), type.read("1ms"));
        assertEquals(Duration.ofHours(2), type.read("2h"));
        assertRefused(type, "7201s");
        assertRefused(type, "-1s");
    }

    @ParameterizedTest
    @CsvSource({"1KB,1024", "512KB,524288", "32MB,33554432", "1GB,1073741824"})
    void sizeIsInPowersOfTwo(String written, long bytes) {
        assertEquals(bytes, ValueType.size().read(written));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "32", "0KB", "32mb", "32MiB", "2GB", "1048577KB", "999999999GB"})
    void otherSizeIsRefused(String written) {
        assertRefused(ValueType.size(), written);
    }

    @Test
    void folderIsThere(@TempDir Path folder) throws IOException {
        String name = folder.toString();
        assertEquals(name, ValueType.folder().read(name));
        assertEquals("", ValueType.folder().read(""));
        assertRefused(ValueType.folder(), name + "/none");
        assertRefused(ValueType.folder(), Files.createFile(folder.resolve("file")).toString());
        assertRefused(ValueType.folder(), "a\nb");
    }

    @ParameterizedTest
    @CsvSource({
        "https://a.example,https://a.example",
        "https://a.example/,https://a.example",
        "http://a.example:8080/v1,http://a.example:8080",
        "http://[::1]:8080/v1/,http://[::1]:8080",
        "http://127.0.0.1/team/v1//,http://127.0.0.1/team",
        "http://a.example/v10,http://a.example/v10"
    })
    void baseUrlLosesItsVersion(String written, URI url) {
        assertEquals(url, ValueType.baseUrl().read(written));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "a.example",
                "localhost:8080",
                "ftp://a.example",
                "https://",
                "https:///v1",
                "https://a.example?x=1",
                "https://a.example#x",
                "https://user:pass@a.example",
                "https://a.example:0",
                "https://a.example:65536",
                "https://a b.example"
            })
    void otherBaseUrlIsRefused(String written) {
        assertRefused(ValueType.baseUrl(), written);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "-1", "65536", "1.0", "0x10", "9e3", "99999999999999999999", "+5", "٣"})
    void otherPortIsRefused(String written) {
        assertRefused(Keys.PORT.type(), written);
    }

    @Test
    void numberOfAFileIsWhole() {
        assertEquals(5, Keys.PORT.type().read(5));
        assertRefused(Keys.PORT.type(), 5.5);
        assertRefused(Keys.PORT.type(), true);
    }

    @Test
    void tokenCanStandInAHeader() {
        assertEquals("", ValueType.TOKEN.read(""));
        assertEquals("a~!", ValueType.TOKEN.read("a~!"));
        assertRefused(ValueType.TOKEN, "a b");
        assertRefused(ValueType.TOKEN, "a\n");
        assertRefused(ValueType.TOKEN, "é");
        assertRefused(ValueType.TOKEN, "a".repeat(4097));
        assertRefused(ValueType.TOKEN, 5);
    }

    @Test
    void versionIsADate() {
        assertEquals("2023-06-01", BackendKeys.API_VERSION.type().read("2023-06-01"));
        assertRefused(BackendKeys.API_VERSION.type(), "latest");
    }

    @Test
    void wrongRulesAreRefused() {
        assertRefused(ValueType.models(), "gpt-4o");
        assertRefused(ValueType.models(), "/(/=a");
        assertRefused(ValueType.models(), Map.of("a", ""));
    }

    @Test
    void pricesAreTextOrATable() {
        var usage = new Usage(1, 0, 0, 0, 0);
        Prices written = ValueType.prices().read("a=input:3/output:15");
        Prices table = ValueType.prices().read(Map.of("a", Map.of("input", 3, "output", 15.0)));
        for (Prices prices : List.of(written, table))
            assertEquals(3000, prices.costNanos("api", "a", usage).orElseThrow());
        assertRefused(ValueType.prices(), "a");
        assertRefused(ValueType.prices(), Map.of("a", "b"));
        assertRefused(ValueType.prices(), Map.of("a", Map.of("input", 3)));
    }

    private static void assertRefused(ValueType<?> type, Object written) {
        var e = assertThrows(IllegalArgumentException.class, () -> type.read(written));
        assertEquals("expected " + type.expected(), e.getMessage());
    }
}
