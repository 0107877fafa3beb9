package ccproxy.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// How much may be open at once.
class CapacityTest {
    @TempDir Path folder;

    private Config config(String... flags) {
        return new Run(folder).config(flags);
    }

    @Test
    void whereManyFilesMayBeOpenItIsAsConfigured() {
        assertEquals(new Capacity(2000, 10_000), Capacity.of(config(), 1 << 20));
        assertEquals(8000, Capacity.of(config(), 1 << 20).idle());
    }

    @ParameterizedTest
    @CsvSource({"0", "100", "256", "1024", "4096", "12000", "1000000"})
    void everyStreamHasTwoSocketsAndTheRestHasRoom(int openFilesMax) {
        for (String processes : new String[] {"1", "8", "64"}) {
            Config config = config("--sdk-max-processes", processes);
            Capacity capacity = Capacity.of(config, openFilesMax);
            assertTrue(capacity.streams() >= 1 && capacity.connections() >= capacity.streams());
            assertTrue(capacity.idle() >= 1);
            long used =
                    capacity.connections()
                            + Capacity.RESERVE
                            + capacity.streams()
                            + 6L * Integer.parseInt(processes);
            // A process that may open a hundred files cannot do anything.
            assertTrue(used < openFilesMax || openFilesMax < 1024, capacity.toString());
        }
    }

    @Test
    void settingsReadTwiceAreTheSame() {
        var run = new Run(folder);
        String[] flags = {"--models", "a=b,/c/=d", "--api-key", "k"};
        var first = run.config(flags).claude(run.surroundings());
        assertEquals(first, run.config(flags).claude(run.surroundings()));
        String[] others = {"--models", "/c/=d,a=b", "--api-key", "k"};
        assertNotEquals(first, run.config(others).claude(run.surroundings()));
    }

    @Test
    void limitOfThisProcessIsKnown() {
        assertTrue(Capacity.openFilesMax() > 10);
    }
}
