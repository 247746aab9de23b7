// Scratch memory that frees itself. Included inside a namespace of each file that uses it:
// a template with external linkage that two tiers share would be linked only once, and
// it might be the copy that this CPU cannot run.
template <class T>
class Buffer {
 public:
  explicit Buffer(int64_t count) : data_(static_cast<T *>(allocate(count * sizeof(T)))) {}
  ~Buffer() { release(data_); }
  Buffer(const Buffer &) = delete;
  Buffer &operator=(const Buffer &) = delete;
  T *get() const { return data_; }
  T &operator[](int64_t i) const { return data_[i]; }

 private:
  T *data_;
};
