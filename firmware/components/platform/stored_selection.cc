#include "platform/stored_selection.h"

#include <cstddef>
#include <cstring>

#include "nvs.h"

namespace quantci {
namespace {

constexpr char kNamespace[] = "quantci";
constexpr char kSelected[] = "selected";

}  // namespace

bool ReadStoredSelection(Selection* selection) {
  nvs_handle_t handle;
  if (nvs_open(kNamespace, NVS_READONLY, &handle) != ESP_OK) return false;
  Selection stored;
  std::size_t size = sizeof(stored);
  const bool found =
      nvs_get_blob(handle, kSelected, &stored, &size) == ESP_OK &&
      size == sizeof(stored);
  nvs_close(handle);
  if (!found) return false;
  stored.model_id[kMaxModelId] = 0;
  *selection = stored;
  return true;
}

void StoreSelection(const Selection& selection) {
  Selection stored;
  if (ReadStoredSelection(&stored) && stored.slot == selection.slot &&
      stored.region == selection.region && stored.place == selection.place &&
      stored.arena_bytes == selection.arena_bytes &&
      std::strcmp(stored.model_id, selection.model_id) == 0) {
    return;  // flash wears
  }
  nvs_handle_t handle;
  if (nvs_open(kNamespace, NVS_READWRITE, &handle) != ESP_OK) return;
  nvs_set_blob(handle, kSelected, &selection, sizeof(selection));
  nvs_commit(handle);
  nvs_close(handle);
}

}  // namespace quantci
