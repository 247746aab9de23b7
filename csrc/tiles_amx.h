// The tile registers of AMX: eight of 16 rows of 64 bytes. See tiles_model.h for what each
// operation does.
struct TileSession {
  TileSession() {
    struct alignas(64) {
      uint8_t palette = 1, start_row = 0, reserved[14] = {};
      uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
      uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
    } configuration;
    _tile_loadconfig(&configuration);
  }
  ~TileSession() { _tile_release(); }
};

// The number of a register is part of the instruction, so each operation is a macro.
#define TILE_ZERO(c) _tile_zero(c)
#define TILE_LOAD(t, from, row_bytes) _tile_loadd(t, from, row_bytes)
#define TILE_DOT(c, a, b) _tile_dpbf16ps(c, a, b)
#define TILE_STORE(c, to, row_bytes) _tile_stored(c, to, row_bytes)
